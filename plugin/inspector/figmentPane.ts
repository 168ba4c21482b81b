import type { Scene } from '@babylonjs/core/scene.js';
import { createElement, useCallback, useEffect, useMemo, useState } from 'react';
import { type LoadedModel, loadedModels } from '../index.ts';
import { BakeFile } from './bakeFile.ts';
import {
  Accordion,
  AccordionSection,
  MessageBar,
  type SceneContext,
  SceneContextIdentity,
  type Selection,
  SelectionServiceIdentity,
  type Shell,
  ShellServiceIdentity,
  useObservableState,
} from './inspectorParts.ts';
import { ModelList } from './modelList.ts';
import { isSamePicture, type Paintable, paintableOf } from './paintable.ts';
import { PictureEditor } from './pictureEditor.ts';
import { Replacement } from './replacement.ts';
import { replaceableTextures } from './replaceTexture.ts';
import { trialOf } from './trial.ts';

export interface FigmentPaneOptions {
  /**
   * The address of a local `figment pick` that was started for this page, such as `http://127.0.0.1:4848/`: what is kept is
   * written into its bake file, too. `figmentPane` throws a RangeError for what is no address.
   */
  pick?: string;
}

/** What `ShowInspector` takes among its `serviceDefinitions`. */
export interface FigmentPaneService {
  friendlyName: string;
  consumes: symbol[];
  factory(...services: unknown[]): { dispose(): void };
}

/**
 * A pane of Babylon's Inspector: it lists the models that the scene has loaded, changes the picture of the texture, sprite,
 * material or mesh that is selected, and puts generated textures in the place of others.
 *
 *   ShowInspector(scene, { serviceDefinitions: [figmentPane()] });
 */
export function figmentPane({ pick }: FigmentPaneOptions = {}): FigmentPaneService {
  const bakeFile = pick === undefined ? null : new BakeFile(pick);
  return {
    friendlyName: 'Figment',
    consumes: [ShellServiceIdentity, SceneContextIdentity, SelectionServiceIdentity],
    factory: (shell: Shell, sceneContext: SceneContext, selection: Selection) =>
      shell.addSidePane({
        key: 'Figment',
        title: 'Figment',
        icon: Icon,
        horizontalLocation: 'right',
        verticalLocation: 'top',
        order: 350, // between Statistics and Tools
        teachingMoment: false,
        content: () => {
          const scene = useObservableState(() => sceneContext.currentScene, sceneContext.currentSceneObservable);
          return scene && createElement(Pane, { scene, selection, bakeFile });
        },
      }),
  };
}

interface PaneProps {
  scene: Scene;
  selection: Selection;
  bakeFile: BakeFile | null;
}

function Pane({ scene, selection, bakeFile }: PaneProps) {
  const entity = useObservableState(() => selection.selectedEntity, selection.onSelectedEntityChanged);
  const models = useLoadedModels(scene);
  const { subject, lookAgain } = usePaintable(entity);
  const trial = useMemo(() => subject && trialOf(subject), [subject]);
  const textures = replaceableTextures(entity);
  const onReplaced = (texture: object) => {
    if (textures.some((old) => old === selection.selectedEntity)) selection.selectedEntity = texture;
    else lookAgain();
  };
  const isOther = !trial && textures.length === 0;
  return createElement(
    Accordion,
    null,
    createElement(AccordionSection, { title: 'Models' }, createElement(ModelList, { models })),
    trial &&
      createElement(
        AccordionSection,
        { title: 'Picture' },
        createElement(PictureEditor, { key: trial.id, trial, bakeFile }),
      ),
    textures.length > 0 &&
      createElement(
        AccordionSection,
        { title: 'Replace' },
        createElement(Replacement, { textures, models, onReplaced }),
      ),
    isOther &&
      createElement(
        AccordionSection,
        { title: 'Picture' },
        createElement(MessageBar, { intent: 'info', message: 'Select a texture, a sprite, a material or a mesh.' }),
      ),
  );
}

const REFRESH_MS = 500;

/**
 * What can be painted of what is selected. Nothing tells when its model is loaded, or a sprite shows another cell, so that it is
 * asked now and then, and by `lookAgain` at once.
 */
function usePaintable(entity: unknown): { subject: Paintable | null; lookAgain(): void } {
  const [, setNumLooks] = useState(0);
  const lookAgain = useCallback(() => setNumLooks((before) => before + 1), []);
  const now = paintableOf(entity);
  const subject = useMemo(() => now, [now?.holder, now?.cell]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!isSamePicture(paintableOf(entity), subject)) lookAgain();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [entity, subject, lookAgain]);
  return { subject, lookAgain };
}

/** The models of a scene; nothing tells when another is loaded, so that it is asked now and then. */
function useLoadedModels(scene: Scene): readonly LoadedModel[] {
  const [models, setModels] = useState<readonly LoadedModel[]>([]);
  useEffect(() => {
    const refresh = () => setModels((known) => unlessSame(known, loadedModels(scene)));
    refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    return () => clearInterval(timer);
  }, [scene]);
  return models;
}

/** What is known where nothing else is to be seen, so that the pane is not drawn again. */
function unlessSame(known: readonly LoadedModel[], models: readonly LoadedModel[]): readonly LoadedModel[] {
  const isSame = (one: LoadedModel, other: LoadedModel | undefined) =>
    one.info === other?.info && one.address === other.address && one.queueLength === other.queueLength;
  return known.length === models.length && known.every((one, i) => isSame(one, models[i])) ? known : models;
}

/** Noise on the left that becomes a face on the right, of a few pixels. */
function Icon() {
  const dots = [
    [3, 3],
    [5, 8],
    [2, 12],
    [7, 5],
    [8, 13],
  ].map(([x, y]) => createElement('rect', { key: `${x} ${y}`, x, y, width: 2, height: 2 }));
  const face = createElement('path', { key: 'face', d: 'M11 3h6v14h-6v-4h2v-2h-2V9h3V7h-3z' });
  return createElement('svg', { viewBox: '0 0 20 20', width: '1em', height: '1em', fill: 'currentColor' }, dots, face);
}
