import { createElement, Fragment, useEffect, useState } from 'react';
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
  const { groups, group, choose, setGroups } = usePickGroups(bakeFile, state.recipe.label, setNotice);
  useEffect(() => trial.watch(), [trial]);
  const { subject } = trial;
  const { info } = subject;

  const keep = async () => {
    const { before, after } = trial.keep();
    setNotice({ intent: 'success', message: 'Kept in the scene.' });
    if (!bakeFile || !group || after.seed === undefined) return;
    try {
      const seedBefore = before.label === after.label ? before.seed : undefined;
      const changed = await bakeFile.changeSeedAsync(group, seedBefore, after.seed);
      setGroups(groups.map((other) => (other === group ? changed : other)));
      setNotice({ intent: 'success', message: `Kept in the scene, and as ${group.asset} in the bake file.` });
    } catch (error) {
      setNotice({ intent: 'error', message: (error as Error).message });
    }
  };
  const copy = async () => {
    const text = JSON.stringify(subject.savedRecipe);
    try {
      await navigator.clipboard.writeText(text);
      setNotice({ intent: 'success', message: `Copied: ${text}` });
    } catch {
      setNotice({ intent: 'info', message: text }); // to be copied by hand
    }
  };

  const problem: Notice | null = state.problem === null ? notice : { intent: 'error', message: state.problem };
  const controls = info ? controlsOf(state.recipe, info) : [];
  return createElement(
    Fragment,
    null,
    createElement(PictureView, { read: subject.readPictureAsync, version: state }),
    createElement(TextPropertyLine, {
      label: 'name',
      value: state.isPainting ? `${subject.name}, painting …` : subject.name,
    }),
    controls.map((control) =>
      createElement(ControlLine, {
        key: control.name,
        control,
        onChange: (changes) => {
          setNotice(null);
          void trial.changeAsync(changes);
        },
      }),
    ),
    groups.length > 0 &&
      createElement(StringDropdownPropertyLine, {
        label: 'asset in the bake file',
        value: group?.asset ?? NONE,
        options: [NONE, ...groups.map(({ asset }) => asset)].map((name) => ({ label: name, value: name })),
        onChange: choose,
      }),
    createElement(ButtonLine, { label: 'Reroll', disabled: !info, onClick: () => trial.rerollAsync() }),
    createElement(ButtonLine, { label: 'Keep', disabled: !state.isChanged || state.isPainting, onClick: keep }),
    createElement(ButtonLine, { label: 'Back', disabled: !state.isChanged, onClick: () => trial.backAsync() }),
    createElement(ButtonLine, { label: 'Copy recipe', disabled: state.isPainting, onClick: copy }),
    problem && createElement(MessageBar, problem),
  );
}

/** Those assets of the bake file that have pictures of a label, and the one to which a choice is written. */
function usePickGroups(bakeFile: BakeFile | null, label: string, setNotice: (notice: Notice) => void) {
  const [all, setAll] = useState<readonly PickGroup[]>([]);
  const [chosen, choose] = useState<string | null>(null);
  useEffect(() => {
    bakeFile?.groupsAsync().then(setAll, (error: Error) => setNotice({ intent: 'info', message: error.message }));
  }, [bakeFile, setNotice]);
  const groups = all.filter((group) => group.label === label);
  const group = chosen === null ? groups[0] : groups.find(({ asset }) => asset === chosen);
  const setGroups = (changed: readonly PickGroup[]) =>
    setAll([...all.filter((group) => group.label !== label), ...changed]);
  return { groups, group, choose, setGroups };
}
