import GUI from 'lil-gui';
import type { ModelInfo } from '../../../plugin/index.ts';
import { element } from '../../shared/element.ts';
import { randomSeed, readable } from '../controls.ts';
import type { Settings } from '../settings.ts';

type WalkEnd = Pick<Settings, 'walkLabel' | 'walkSeed'>;

/** The fields that choose the walk's other end. */
export class WalkControls {
  private readonly values: WalkEnd;
  private readonly gui: GUI;

  constructor(
    { labels }: ModelInfo,
    { walkLabel, walkSeed }: Settings,
    private readonly onChange: (changes: WalkEnd) => void,
  ) {
    this.values = { walkLabel, walkSeed };
    this.gui = new GUI({ container: element('#walk-end'), title: 'Walk to', injectStyles: false });
    this.gui.add(this.values, 'walkLabel', readable(labels)).name('end label');
    this.gui.add(this.values, 'walkSeed').step(1).name('end seed');
    this.gui
      .add({ random: () => this.onChange({ ...this.values, walkSeed: randomSeed() }) }, 'random')
      .name('another end');
    this.gui.onChange(({ property }) => {
      if (property in this.values) this.onChange({ ...this.values });
    });
  }

  show({ walkLabel, walkSeed }: Settings): void {
    Object.assign(this.values, { walkLabel, walkSeed });
    for (const controller of this.gui.controllersRecursive()) controller.updateDisplay();
  }
}
