import { ownValue } from './ownValue.ts';

/** Names whose words alone would not say what they mean. */
const NAMES: Readonly<Record<string, string>> = {
  axe_mace: 'axe or mace',
  gem_gold: 'gem or gold',
  plant_tree: 'plant or tree',
  ring_amulet: 'ring or amulet',
  scroll_book: 'scroll or book',
  staff_wand: 'staff or wand',
  moss_dirt: 'moss and dirt',
  corrugated_painted: 'painted corrugated',
  panel_painted: 'painted panel',
  tread_painted: 'painted tread',
};

/** A label, or the name or word of an attribute, as people read it: `human_elder` is a human elder, `gem_gold` a gem or gold. */
export function labelWords(label: string): string {
  return ownValue(NAMES, label) ?? label.replaceAll('_', ' ');
}
