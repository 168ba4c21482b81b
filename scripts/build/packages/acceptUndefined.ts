import ts from '@typescript/typescript6';

/**
 * Lets each optional property of declarations be undefined, too, so that those whose TypeScript tells the two apart
 * (`exactOptionalPropertyTypes`) can pass on what may be undefined. The code takes both as the same.
 */
export function acceptUndefined(declarations: string): string {
  const source = ts.createSourceFile('index.d.ts', declarations, ts.ScriptTarget.Latest);
  const additions: [place: number, text: string][] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertySignature(node) && node.questionToken && node.type)
      additions.push(...additionsTo(node.type, source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  const fromBehind = additions.sort(([a], [b]) => b - a);
  return fromBehind.reduce((text, [place, added]) => text.slice(0, place) + added + text.slice(place), declarations);
}

function additionsTo(type: ts.TypeNode, source: ts.SourceFile): [place: number, text: string][] {
  if (/\bundefined$/.test(type.getText(source))) return [];
  const needsBrackets = ts.isFunctionTypeNode(type) || ts.isConditionalTypeNode(type);
  if (!needsBrackets) return [[type.end, ' | undefined']];
  return [
    [type.getStart(source), '('],
    [type.end, ') | undefined'],
  ];
}
