import type { WeightTensor } from './weightTensor.ts';

/** What diffusers called the layers of an attention block until 2022, and calls them now. */
const RENAMED: Readonly<Record<string, string>> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};

const OLD_NAME = /(\.attentions\.\d+\.)(query|key|value|proj_attn)(\.(?:weight|bias))$/;

/** The tensors under the names that diffusers has for them today. */
export function withNewNames(tensors: Map<string, WeightTensor>): Map<string, WeightTensor> {
  const rename = (name: string) =>
    name.replace(OLD_NAME, (_, block: string, layer: string, kind: string) => block + RENAMED[layer] + kind);
  return new Map(Array.from(tensors, ([name, tensor]) => [rename(name), tensor]));
}
