// What the tests use of gltf-validator, which has no types of its own.
declare module 'gltf-validator' {
  export interface Report {
    issues: { messages: { code: string; severity: number; pointer: string }[] };
    info: {
      materialCount: number;
      drawCallCount: number;
      hasTextures: boolean;
      resources: { pointer: string; image?: { width: number; height: number } }[];
    };
  }
  export function validateBytes(
    bytes: Uint8Array,
    options: { uri: string; externalResourceFunction: (uri: string) => Promise<Uint8Array> },
  ): Promise<Report>;
}
