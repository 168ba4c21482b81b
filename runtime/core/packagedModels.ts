/** The models that have packages of their own, `babylon-figment-` and the name. */
export const PACKAGED_MODELS: readonly string[] = ['portraits', 'characters', 'items', 'materials'];
