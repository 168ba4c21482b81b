import { createElement, Fragment, useEffect, useState } from 'react';
import type { RecipeOptions } from '../index.ts';
import type { BakeFile, PickGroup } from './bakeFile.ts';
import { ControlLine } from './controlLine.ts';
import { controlsOf } from './controls.ts';
import {
  ButtonLine,
  MessageBar,
  StringDropdownPropertyLine,
  TextPropertyLine,
  useObservableState,
} from './inspectorParts.ts';
import { PictureView } from './pictureView.ts';
import type { Trial } from './trial.ts';

interface Notice {
  message: string;
  intent: 'info' | 'success' | 'error';
}

/** Stands for no asset of the bake file. */
const NONE = '–';

/** The picture that is selected, its recipe, and what can be done with both. */
export function PictureEditor({ trial, bakeFile }: { trial: Trial; bakeFile: BakeFile | null }) {
  const state = useObservableState(() => trial.state, trial.onChangedObservable);
  const [notice, setNotice] = useState<Notice | null>(null);
  const picks = usePickGroups(bakeFile, state.recipe.label, setNotice);
  useEffect(() => trial.watch(), [trial]);
  const { name, info, readPictureAsync } = trial.subject;

  const controls = info ? controlsOf(state.recipe, info) : [];
  const onChange = (changes: Partial<RecipeOptions>) => {
    setNotice(null);
    void trial.changeAsync(changes);
  };
  const keep = async () => setNotice(await keepPicture(trial, bakeFile, picks));
  const copy = async () => setNotice(await copyRecipe(trial));
  const { isChanged, isPainting } = state;
  const problem: Notice | null = state.problem === null ? notice : { intent: 'error', message: state.problem };
  return createElement(
    Fragment,
    null,
    createElement(PictureView, { read: readPictureAsync, version: state }),
    createElement(TextPropertyLine, { label: 'name', value: isPainting ? `${name}, painting …` : name }),
    controls.map((control) => createElement(ControlLine, { key: control.name, control, onChange })),
    createElement(AssetLine, picks),
    createElement(ButtonLine, { label: 'Reroll', disabled: !info, onClick: () => trial.rerollAsync() }),
    createElement(ButtonLine, { label: 'Keep', disabled: !isChanged || isPainting, onClick: keep }),
    createElement(ButtonLine, { label: 'Back', disabled: !isChanged, onClick: () => trial.backAsync() }),
    createElement(ButtonLine, { label: 'Copy recipe', disabled: isPainting, onClick: copy }),
    problem && createElement(MessageBar, problem),
  );
}

/** Keeps what was tried, in the scene and, where an asset is chosen, in the bake file; says so. */
async function keepPicture(trial: Trial, bakeFile: BakeFile | null, { group, replace }: PickGroups): Promise<Notice> {
  const { before, after } = trial.keep();
  if (!bakeFile || !group || after.seed === undefined) return { intent: 'success', message: 'Kept in the scene.' };
  try {
    const seedBefore = before.label === after.label ? before.seed : undefined;
    replace(group, await bakeFile.changeSeedAsync(group, seedBefore, after.seed));
    return { intent: 'success', message: `Kept in the scene, and as ${group.asset} in the bake file.` };
  } catch (error) {
    return { intent: 'error', message: (error as Error).message };
  }
}

/** Puts the recipe that is in the scene on the clipboard; where that is forbidden, shows it to be copied by hand. */
async function copyRecipe({ subject }: Trial): Promise<Notice> {
  const text = JSON.stringify(subject.savedRecipe);
  try {
    await navigator.clipboard.writeText(text);
    return { intent: 'success', message: `Copied: ${text}` };
  } catch {
    return { intent: 'info', message: text };
  }
}

/** What is kept is also written to this asset of the bake file; nothing where none has pictures of the label. */
function AssetLine({ groups, group, choose }: PickGroups) {
  if (groups.length === 0) return null;
  return createElement(StringDropdownPropertyLine, {
    label: 'asset in the bake file',
    value: group?.asset ?? NONE,
    options: [NONE, ...groups.map(({ asset }) => asset)].map((name) => ({ label: name, value: name })),
    onChange: choose,
  });
}

interface PickGroups {
  groups: readonly PickGroup[];
  /** The one that is chosen. */
  group: PickGroup | undefined;
  choose: (asset: string) => void;
  replace: (group: PickGroup, changed: PickGroup) => void;
}

/** Those assets of the bake file that have pictures of a label, and the one to which a choice is written. */
function usePickGroups(bakeFile: BakeFile | null, label: string, setNotice: (notice: Notice) => void): PickGroups {
  const [all, setAll] = useState<readonly PickGroup[]>([]);
  const [chosen, choose] = useState<string | null>(null);
  useEffect(() => {
    bakeFile?.groupsAsync().then(setAll, (error: Error) => setNotice({ intent: 'info', message: error.message }));
  }, [bakeFile, setNotice]);
  const groups = all.filter((group) => group.label === label);
  const group = chosen === null ? groups[0] : groups.find(({ asset }) => asset === chosen);
  const replace = (old: PickGroup, changed: PickGroup) =>
    setAll((known) => known.map((other) => (other === old ? changed : other)));
  return { groups, group, choose, replace };
}
