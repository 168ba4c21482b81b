import type { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { createElement, Fragment, useState } from 'react';
import type { GeneratedTexture, LoadedModel } from '../index.ts';
import { ButtonLine, MessageBar, StringDropdownPropertyLine } from './inspectorParts.ts';
import { replaceTexture } from './replaceTexture.ts';

interface ReplacementProps {
  textures: readonly Texture[];
  models: readonly LoadedModel[];
  onReplaced: (texture: GeneratedTexture) => void;
}

/** Makes a texture of a model and a label, and puts it in the place of another one. */
export function Replacement({ textures, models, onReplaced }: ReplacementProps) {
  const [asked, setAsked] = useState({ texture: '0', model: '0', label: '' });
  const [problem, setProblem] = useState<string | null>(null);
  const [isPainting, setPainting] = useState(false);
  const texture = textures[Number(asked.texture)] ?? textures[0]!;
  const model = models[Number(asked.model)] ?? models[0];
  if (!model) return createElement(MessageBar, { intent: 'info', message: 'Load a model to replace this texture.' });
  const { labels } = model.info;
  const label = labels.includes(asked.label) ? asked.label : labels[0]!;

  const replace = async () => {
    setProblem(null);
    setPainting(true);
    try {
      onReplaced(await replaceByGenerated(texture, model, label));
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setPainting(false);
    }
  };
  const choice = (name: keyof typeof asked, value: string, options: { label: string; value: string }[]) =>
    createElement(StringDropdownPropertyLine, {
      label: name,
      value,
      options,
      onChange: (chosen) => setAsked({ ...asked, [name]: chosen }),
    });
  const words = labels.map((word) => ({ label: word, value: word }));
  return createElement(
    Fragment,
    null,
    choice('texture', String(textures.indexOf(texture)), numbered(textures.map(({ name }) => name || 'texture'))),
    choice('model', String(models.indexOf(model)), numbered(models.map(({ info }) => info.name))),
    choice('label', label, words),
    createElement(ButtonLine, {
      label: 'Replace this texture by a generated one',
      disabled: isPainting,
      onClick: replace,
    }),
    problem !== null && createElement(MessageBar, { intent: 'error', message: problem }),
  );
}

/** Options by their place. Names that are there already get a number. */
function numbered(names: readonly string[]): { label: string; value: string }[] {
  return names.map((name, i) => ({ label: names.indexOf(name) < i ? `${name} (${i + 1})` : name, value: String(i) }));
}

/** @throws Error when no material shows the old texture; as `GeneratedTexture.regenerateAsync`. Nothing is changed then */
async function replaceByGenerated(old: Texture, model: LoadedModel, label: string): Promise<GeneratedTexture> {
  const texture = model.createTexture(label);
  try {
    await texture.regenerateAsync({ label });
    if (replaceTexture(old, texture).length > 0) return texture;
    throw new Error(`replace: no material shows ${old.name || 'this texture'}; select one that a material shows`);
  } catch (error) {
    texture.dispose();
    throw error;
  }
}
