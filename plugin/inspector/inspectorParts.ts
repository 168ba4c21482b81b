// The parts of Babylon's Inspector that the pane is made of, with their types, most of which its package does not publish.
import type { IReadonlyObservable } from '@babylonjs/core/Misc/observable.js';
import type { Scene } from '@babylonjs/core/scene.js';
import * as inspector from '@babylonjs/inspector';
import type { ComponentType, ReactNode } from 'react';

/** Where the Inspector's panes are added. */
export interface Shell {
  addSidePane(pane: {
    key: string;
    title: string;
    icon: ComponentType;
    content: ComponentType;
    horizontalLocation: 'left' | 'right';
    verticalLocation: 'top' | 'bottom';
    order?: number;
    teachingMoment?: false;
  }): { dispose(): void };
}

/** The scene that is inspected. */
export interface SceneContext {
  readonly currentScene: Scene | null;
  readonly currentSceneObservable: IReadonlyObservable<Scene | null>;
}

/** The Inspector's service that tells which object of the scene is selected in its Scene Explorer. */
export interface Selection {
  selectedEntity: object | null;
  readonly onSelectedEntityChanged: IReadonlyObservable<void>;
}

interface Line<Value> {
  label: string;
  value: Value;
  onChange(value: Value): void;
}

interface NumberLine extends Omit<Line<number>, 'value'> {
  value: number | null;
  min: number;
  max: number;
  step: number;
  /** With a box for whether there is a number at all; where there is none, `onChange` gets null. */
  nullable?: true;
  /** The number that a tick in the box begins with. */
  defaultValue?: number;
}

/** An observable of anything. */
interface Notifier {
  add(callback: () => void): unknown;
}

interface Parts {
  ShellServiceIdentity: symbol;
  SceneContextIdentity: symbol;
  SelectionServiceIdentity: symbol;
  useObservableState<State>(read: () => State, ...observables: Notifier[]): State;
  Accordion: ComponentType<{ children: ReactNode }>;
  AccordionSection: ComponentType<{ title: string; children?: ReactNode }>;
  ButtonLine: ComponentType<{ label: string; disabled?: boolean; onClick(): unknown }>;
  MessageBar: ComponentType<{ message: string; intent: 'info' | 'success' | 'error' }>;
  TextPropertyLine: ComponentType<{ label: string; value: string; title?: string }>;
  StringDropdownPropertyLine: ComponentType<Line<string> & { options: { label: string; value: string }[] }>;
  SpinButtonPropertyLine: ComponentType<NumberLine>;
  SyncedSliderPropertyLine: ComponentType<NumberLine>;
}

export const {
  ShellServiceIdentity,
  SceneContextIdentity,
  SelectionServiceIdentity,
  useObservableState,
  Accordion,
  AccordionSection,
  ButtonLine,
  MessageBar,
  TextPropertyLine,
  StringDropdownPropertyLine,
  SpinButtonPropertyLine,
  SyncedSliderPropertyLine,
} = inspector as unknown as Parts;
