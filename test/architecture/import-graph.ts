import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

export interface Import {
  /** The importing file, relative to the root, with `/`. */
  from: string;
  line: number;
  /** As written. */
  specifier: string;
  /** The imported file, relative to the root; the specifier itself for packages. */
  to: string;
  /** `type`: gone after compilation. `lazy`: `import(...)` of a value, when it is needed. */
  kind: 'value' | 'type' | 'lazy';
}

/** Every import and re-export of the TypeScript files below `folder`. */
export function importsOf(root: string, folder: string): Import[] {
  return sourceFiles(root, folder).flatMap((file) => importsOfFile(root, file));
}

export function sourceFiles(root: string, folder: string): string[] {
  const files = readdirSync(path.join(root, folder), {recursive: true, encoding: 'utf8'}).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.includes('node_modules'),
  );
  return files.map((file) => `${folder}/${file.split(path.sep).join('/')}`).sort();
}

export const parse = (root: string, file: string): ts.SourceFile =>
  ts.createSourceFile(file, readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);

function importsOfFile(root: string, file: string): Import[] {
  const source = parse(root, file);
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, kind: Import['kind']): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const {line} = source.getLineAndCharacterOfPosition(node.getStart());
    found.push({from: file, line: line + 1, specifier: specifier.text, to: resolve(file, specifier.text), kind});
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node, node.moduleSpecifier, isTypeImport(node.importClause) ? 'type' : 'value');
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, isTypeExport(node) ? 'type' : 'value');
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node, node.argument.literal, 'type');
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], 'lazy');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false; // for its side effect
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const {namedBindings, name} = clause;
  return (
    name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.every(({isTypeOnly}) => isTypeOnly)
  );
}

function isTypeExport({isTypeOnly, exportClause}: ts.ExportDeclaration): boolean {
  return (
    isTypeOnly ||
    (exportClause !== undefined &&
      ts.isNamedExports(exportClause) &&
      exportClause.elements.every((element) => element.isTypeOnly))
  );
}

/** `./x.js` is the compiled `./x.ts`; AssemblyScript says `./x`. */
function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const file = path.posix.join(path.posix.dirname(from), specifier);
  return path.posix.extname(file) === '' ? `${file}.ts` : file.replace(/\.js$/, '.ts');
}

/** One cycle of imports of values and types, if there is one: the files in order, the first repeated at the end. */
export function findCycle(imports: readonly Import[]): string[] | undefined {
  const next = new Map<string, string[]>();
  for (const {from, to, kind} of imports) if (kind !== 'lazy') next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const search = (file: string, trail: string[]): string[] | undefined => {
    const at = trail.indexOf(file);
    if (at !== -1) return [...trail.slice(at), file];
    if (done.has(file)) return undefined;
    done.add(file);
    for (const to of next.get(file) ?? []) {
      const cycle = search(to, [...trail, file]);
      if (cycle) return cycle;
    }
    return undefined;
  };
  for (const file of next.keys()) {
    const cycle = search(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}
