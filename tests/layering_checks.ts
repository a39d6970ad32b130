/** Kinds of rules about the structure of a project: over what files import, what their text has, what they are called. */

/** A file of the project with what it imports. */
export interface SourceFile {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** What it imports: paths from the root, or `npm:`, `jsr:` and `node:` specifiers. */
  readonly imports: readonly Import[];
}

/** One import; a type import leaves nothing behind when the program runs. */
export interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

/** A rule: its sentence, and the complaints it has of a project. */
export interface Rule {
  readonly sentence: string;
  check(files: readonly SourceFile[]): string[];
}

/** What files may import. */
export function importRule(
  sentence: string,
  applies: (path: string) => boolean,
  mayImport: (target: string) => boolean,
): Rule {
  return {
    sentence,
    check: (files) =>
      files.filter(({ path }) => applies(path)).flatMap(({ path, imports }) =>
        imports.filter(({ target }) => !mayImport(target)).map(({ target }) =>
          `${path} imports ${target}`
        )
      ),
  };
}

/** What the text of files may not have. */
export function textRule(
  sentence: string,
  applies: (path: string) => boolean,
  pattern: RegExp,
  comments?: "with comments",
): Rule {
  return {
    sentence,
    check: (files) =>
      files.filter(({ path }) => applies(path)).flatMap(({ path, text }) => {
        const found = pattern.exec(comments ? text : withoutComments(text));
        return found ? [`${path} has ${found[0]}`] : [];
      }),
  };
}

/** Exactly one file of the library (or of a part of it) has the pattern in its code, or imports the package. */
export function onePlaceRule(
  sentence: string,
  pattern: RegExp,
  applies: (path: string) => boolean,
  orImports?: string,
): Rule {
  const matches = ({ text, imports }: SourceFile): boolean =>
    pattern.test(withoutComments(text)) ||
    imports.some(({ target, typeOnly }) =>
      !typeOnly && orImports !== undefined && target.startsWith(orImports)
    );
  return {
    sentence,
    check: (files) => {
      const places = files.filter((file) => applies(file.path) && matches(file)).map(({ path }) =>
        path
      );
      return places.length === 1 ? [] : [`found in ${places.join(", ") || "no file"}`];
    },
  };
}

/** What files may be called; a test is called as what it tests. */
export function nameRule(sentence: string, isGood: (name: string) => boolean): Rule {
  return {
    sentence,
    check: (files) =>
      files.filter(({ path }) =>
        !isGood(path.split("/").at(-1)?.replace(/(_test)?\.\w+$/, "") ?? "")
      )
        .map(({ path }) => path),
  };
}

/** Code without its comments; strings are kept, and what looks like a comment in them too. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, string?: string) => string ?? " ",
  );
}

/** Where a file belongs: its room, or for a file outside of rooms itself. */
function roomOf(path: string): string {
  return /^(sandbox|examples|tests|lib\/[a-z]+)(?=\/)/.exec(path)?.[0] ?? path;
}

/** Each cycle between rooms that is there when the program runs. */
export function cycles(files: readonly SourceFile[]): string[] {
  const imports = new Map<string, Set<string>>();
  for (const file of files) {
    const targets = imports.get(roomOf(file.path)) ?? new Set();
    for (const { target, typeOnly } of file.imports) {
      if (!typeOnly && roomOf(target) !== roomOf(file.path)) targets.add(roomOf(target));
    }
    imports.set(roomOf(file.path), targets);
  }
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (room: string, trail: readonly string[]): void => {
    if (trail.includes(room)) {
      found.push([...trail.slice(trail.indexOf(room)), room].join(" → "));
    } else if (!done.has(room)) {
      for (const target of imports.get(room) ?? []) visit(target, [...trail, room]);
      done.add(room);
    }
  };
  for (const room of imports.keys()) visit(room, []);
  return found;
}
