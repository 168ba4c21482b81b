// What `figment bake` takes, as commander hands it over.
import type { BackendName, LabelBlend, PipelineName, SamplerName } from '../../runtime/index.ts';
import type { BakeEngine } from '../bake/baker.ts';
import type { AskedAttributes } from '../bake/combinations.ts';
import type { Shard } from '../bake/manifest.ts';

/** Options of the pictures of a model, which a bake file says for itself. What is undefined comes from the model's defaults. */
export interface BakePictureOptions {
  label?: string[];
  with?: AskedAttributes;
  blend?: LabelBlend;
  vary?: string[];
  sameAs?: AskedAttributes;
  sameFor?: number;
  count?: number;
  seed?: number;
  interpolateSeed?: number;
  interpolateAmount?: number;
  pipeline?: PipelineName;
  guidance?: number;
  guidanceRescale?: number;
  guidanceInterval?: [number, number];
  classifier?: string;
  classifierLabel?: string;
  classifierScale?: number;
  steps?: number;
  sampler?: SamplerName;
  eta?: number;
  image?: string;
  mask?: string;
  strength?: number;
  resamples?: number;
  keepAlpha?: boolean;
  width?: number;
  height?: number;
  enlarge?: number;
  sheet?: boolean;
  animated?: boolean;
}

/** Options for bake files only. */
export interface FileOptions {
  check?: boolean;
  watch?: boolean;
  shard?: Shard;
  force?: boolean;
  prune?: boolean;
  report?: string | true;
  neighbours?: number;
}

/** Options for bake files and for models' names. */
export interface CommonOptions {
  out?: string;
  batch: number;
  jobs: number;
  backend?: BackendName;
  engine: BakeEngine;
}

export type BakeCommandOptions = BakePictureOptions & FileOptions & CommonOptions;
