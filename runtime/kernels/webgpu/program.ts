/** Values that one shader element holds: 4 where the innermost size allows it, else 1. */
export type Lanes = 1 | 4;

/** `f32` or a `Value`, which is as wide as the program's lanes. */
type ElementType = 'Value' | 'f32' | 'vec2<f32>';

/** One compute shader: `code` defines `fn main(group: i32, local: i32)`, called by every thread of every workgroup. */
export interface Program {
  /** Programs of one key have one source. */
  key: string;
  lanes: Lanes;
  inputs: Record<string, ElementType>;
  outputs: Record<string, ElementType>;
  /** Read in the code as `uniforms.name`; all of them and all buffers must be used, or WebGPU drops the binding. */
  uniforms: Record<string, 'i32' | 'f32'>;
  workgroupSize: number;
  code: string;
}

export function lanesFor(...sizes: number[]): Lanes {
  return sizes.every((size) => size % 4 === 0) ? 4 : 1;
}

/** The type `Value`, and the functions of it that the kernels share. */
function valueSource(lanes: Lanes): string {
  return `
    alias Value = ${lanes === 4 ? 'vec4<f32>' : 'f32'};
    fn addUp(value: Value) -> f32 { return ${lanes === 4 ? 'dot(value, vec4<f32>(1.0))' : 'value'}; }
    fn sigmoid(z: Value) -> Value { return 1.0 / (1.0 + exp(min(-z, Value(80.0)))); }
    fn siluSlope(z: Value) -> Value { let s = sigmoid(z); return s * (1.0 + z * (1.0 - s)); }
  `;
}

/** Bindings in the order in which `WebgpuContext.run` hands them over. */
function bindingSource({ inputs, outputs }: Program): string {
  const [first, ...others] = Object.entries(outputs).map((entry) => ['read_write', ...entry]);
  const buffers = [first!, ...Object.entries(inputs).map((entry) => ['read', ...entry]), ...others];
  const lines = buffers.map(
    ([access, name, type], i) => `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`,
  );
  return [...lines, `@group(0) @binding(${buffers.length}) var<uniform> uniforms: Uniforms;`].join('\n');
}

/** The whole shader. The first uniform is tfjs's own and unused. */
export function programSource(program: Program): string {
  const fields = Object.entries(program.uniforms).map(([name, type]) => `${name}: ${type}`);
  return `
    ${valueSource(program.lanes)}
    struct Uniforms { ${['reserved: i32', ...fields].join(', ')} }
    ${bindingSource(program)}
    const WORKGROUP_SIZE = ${program.workgroupSize};
    ${program.code}
    @compute @workgroup_size(WORKGROUP_SIZE)
    fn _start(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
              @builtin(local_invocation_index) local: u32) {
      main(i32(id.y * count.x + id.x), i32(local));
    }
  `;
}
