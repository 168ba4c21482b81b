import { expect, it } from 'vitest';
import { acceptUndefined } from './acceptUndefined.ts';

it('lets optional properties be undefined, and leaves all else as it is', () => {
  const declarations = `export interface Options extends Base {
    /** A seed?: drawn at random when absent. */
    readonly seed?: number;
    label: string;
    signal?: AbortSignal | undefined;
    onStep?: (step: number, how?: { fast?: boolean }) => void;
    size?: Width extends 1 ? 'small' : 'large';
  }
  export declare function make(options?: { name?: string }): void;
  export declare class Maker { seed?: number; }
`;
  expect(acceptUndefined(declarations)).toBe(`export interface Options extends Base {
    /** A seed?: drawn at random when absent. */
    readonly seed?: number | undefined;
    label: string;
    signal?: AbortSignal | undefined;
    onStep?: ((step: number, how?: { fast?: boolean | undefined }) => void) | undefined;
    size?: (Width extends 1 ? 'small' : 'large') | undefined;
  }
  export declare function make(options?: { name?: string | undefined }): void;
  export declare class Maker { seed?: number; }
`);
});
