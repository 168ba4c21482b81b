import { createElement, Fragment } from 'react';
import type { LoadedModel } from '../index.ts';
import { MessageBar, TextPropertyLine } from './inspectorParts.ts';

/** A line for each model that the scene has loaded. */
export function ModelList({ models }: { models: readonly LoadedModel[] }) {
  if (models.length === 0)
    return createElement(MessageBar, { intent: 'info', message: 'The scene has loaded no model.' });
  const lines = models.map((model, index) =>
    createElement(TextPropertyLine, {
      key: index,
      label: model.info.name,
      value: describe(model),
      title: `${model.address}: ${model.info.labels.join(', ')}`,
    }),
  );
  return createElement(Fragment, null, lines);
}

function describe({ info, backend, queueLength }: LoadedModel): string {
  const facts = [`${info.widthPx}×${info.heightPx}`, `${info.labels.length} labels`, backend.backend];
  if (queueLength > 0) facts.push(`${queueLength} in the queue`);
  return facts.join(' · ');
}
