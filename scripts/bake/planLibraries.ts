import { surfaceSettings } from '../../runtime/index.ts';
import type { MapName } from './bakeFileSchema.ts';
import {
  bakedRecipe,
  hashJson,
  type Library,
  type LibraryMaterial,
  type PlannedPicture,
  pictureName,
} from './bakePlan.ts';
import type { BakeModel } from './openModels.ts';
import { flawOfPath } from './outputPaths.ts';
import type { Problem } from './readBakeFile.ts';

/** How far Babylon shifts a picture by its height: below 0 where the sides of a normal map are turned, as for left-handed scenes. */
const BABYLON_PARALLAX = -0.05;

/** The keys of kinds that are not called as they are: a glTF file whose key has the plain name may have addresses that Babylon refuses. */
const KINDS_IN_KEYS: Readonly<Record<string, string>> = { gltf: 'gltf 2' };

/** The entry of a picture with maps in a library. */
export function materialOf(picture: PlannedPicture, numPictures: number, { index }: BakeModel): LibraryMaterial {
  const { look, label, files } = picture;
  const pngs = files.filter(({ format }) => format === 'png');
  const { metallic, roughness } = surfaceSettings({ label, ...look.surface });
  return {
    name: numPictures === 1 ? look.asset : `${look.asset}/${pictureName(picture)}`,
    maps: Object.fromEntries(pngs.map(({ layer, path }) => [layer as MapName, path])),
    hasAlpha: index.figment.channels === 4,
    green: look.surface?.green ?? 'opengl',
    metallic,
    roughness,
    ...(look.parallax && { parallax: look.parallax, parallaxScaleBias: BABYLON_PARALLAX }),
    tiles: index.figment.circularPadding,
    pixelArt: index.figment.pixelArt || look.pixelArt !== undefined,
    recipe: bakedRecipe(picture),
  };
}

/** The libraries that a bake file asks for; they hold all materials. */
export function planLibraries(
  paths: Partial<Record<Library['kind'], string>>,
  materials: LibraryMaterial[],
  problems: Problem[],
): Library[] {
  return Object.entries(paths).map(([kind, path]) => {
    const flaw = flawOfPath(path) ?? (path.endsWith(`.${kind}`) ? undefined : `expected a name that ends in .${kind}`);
    const lacking = whatLacks(materials);
    const turned = kind === 'gltf' && materials.some(({ maps, green }) => maps.normal && green !== 'opengl');
    const shifted = kind === 'babylon' && materials.some(({ parallax, green }) => parallax && green !== 'opengl');
    const problem =
      flaw ??
      lacking ??
      (turned ? 'glTF wants normal maps with green: "opengl"' : undefined) ??
      (shifted
        ? 'Babylon shifts a picture by its height where green is "opengl"; leave out one of parallax and green'
        : undefined);
    if (problem) problems.push({ path: ['materials', kind], message: problem });
    return { kind: kind as Library['kind'], path, materials, key: hashJson([KINDS_IN_KEYS[kind] ?? kind, materials]) };
  });
}

function whatLacks(materials: LibraryMaterial[]): string | undefined {
  if (materials.length === 0) return 'no asset has maps; add maps to those that are materials';
  const empty = materials.find(({ maps }) => Object.keys(maps).length === 0);
  const apart = materials.find(({ maps }) => !maps.orm && (maps.roughness || maps.metallic));
  if (apart) return `libraries take roughness and metal of ${apart.name} from one file; add "orm" to its maps`;
  return empty && `the material ${empty.name} has no PNG files, at which libraries point; add "png" to its formats`;
}
