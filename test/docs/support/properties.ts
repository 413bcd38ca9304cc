import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '../../..');

/** A property of an interface, as its TSDoc has it. */
interface Property {
  readonly name: string;
  readonly type: string;
  readonly meaning: string;
  /** undefined: it is required. */
  readonly fallback: string | undefined;
}

/** An interface, with what it has in common with others. */
export interface Documented {
  readonly name: string;
  readonly parents: readonly string[];
  readonly properties: readonly Property[];
}

/** Interfaces that say what a construct, or a runtime of one, is made with. */
const told = /(Props|Runtime)$/;

function textOf(node: ts.Node, file: ts.SourceFile): string {
  return node.getText(file).replace(/\s+/g, ' ').trim();
}

/** Text of TSDoc on one line, with links as names. */
function plain(comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string {
  return (ts.getTextOfJSDocComment(comment) ?? '')
    .replace(/\{@link ([^}\s]+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();
}

function propertyOf(member: ts.PropertySignature, file: ts.SourceFile): Property {
  const notes = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  const fallback = notes.flatMap(({ tags = [] }) => tags.filter(({ tagName }) => tagName.text === 'default'));
  return {
    name: textOf(member.name, file),
    type: member.type === undefined ? '' : textOf(member.type, file),
    meaning: notes.map(({ comment }) => plain(comment)).join(' '),
    fallback:
      member.questionToken === undefined
        ? undefined
        : fallback
            .map(({ comment }) => plain(comment))
            .join(' ')
            .replace(/^- /, ''),
  };
}

/** All such interfaces of a folder, by name. */
export function documented(folder: string): ReadonlyMap<string, Documented> {
  const found = new Map<string, Documented>();
  for (const name of globSync(`${folder}/**/*.ts`, { cwd: root })) {
    const file = ts.createSourceFile(name, readFileSync(path.join(root, name), 'utf8'), ts.ScriptTarget.Latest, true);
    for (const statement of file.statements) {
      if (!ts.isInterfaceDeclaration(statement) || !told.test(statement.name.text)) continue;
      const isExported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
      if (!isExported) continue;
      found.set(statement.name.text, {
        name: statement.name.text,
        parents: (statement.heritageClauses ?? []).flatMap(({ types }) => types.map((type) => textOf(type, file))),
        properties: statement.members.filter(ts.isPropertySignature).map((member) => propertyOf(member, file)),
      });
    }
  }
  return found;
}

/** Longer types say less than a look at the source. */
const longestType = 60;

const escaped = (text: string): string => text.replaceAll('|', '\\|');

function tableOf({ properties }: Documented): string {
  const rows = properties
    // What tells one kind of several from the others stands in the heading.
    .filter(({ name, type }) => name !== 'kind' || type.includes('|'))
    .map(({ name, type, meaning, fallback }) => {
      const shown = type.length <= longestType ? `\`${type}\`` : '';
      const standard = fallback === undefined ? '**required**' : fallback;
      return `| \`${name}\` | ${escaped(shown)} | ${escaped(meaning)} | ${escaped(standard)} |`;
    });
  return ['| property | type | meaning | default |', '|---|---|---|---|', ...rows].join('\n');
}

const part = /<!-- properties: (\w+) -->\n[\s\S]*?<!-- end -->/g;

/** Names of the interfaces that a page has a table of. */
export function tablesOf(page: string): readonly string[] {
  return [...page.matchAll(part)].map(([, name = '']) => name);
}

/**
 * The page with its tables made anew.
 *
 * @throws Error where it names an interface that there is not
 */
export function withTables(page: string, all: ReadonlyMap<string, Documented>): string {
  return page.replaceAll(part, (_, name: string) => {
    const found = all.get(name);
    if (found === undefined) throw new Error(`there is no interface ${name}: correct the page`);
    return `<!-- properties: ${name} -->\n${tableOf(found)}\n<!-- end -->`;
  });
}
