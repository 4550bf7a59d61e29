/**
 * Presets: external servers that many know, as data. Each file of `presets/` has one or several; what they have in
 * common stands once. They are described as in `results/externals.schema.json`.
 *
 * @module
 */
import type { ServiceName } from "../design.ts";
import { isExecutable, programFolders } from "../posix/folders.ts";
import { findProgram } from "./external.ts";
import apache from "./presets/apache.json" with { type: "json" };
import bookSource from "./presets/book.c" with { type: "text" };
import bookHeader from "./presets/book.h" with { type: "text" };
import book from "./presets/book.json" with { type: "json" };
import denoServe from "./presets/deno-serve-parallel.json" with { type: "json" };
import haproxy from "./presets/haproxy.json" with { type: "json" };
import inetd from "./presets/inetd.json" with { type: "json" };
import nginx from "./presets/nginx.json" with { type: "json" };
import node from "./presets/node.json" with { type: "json" };
import pythonHttp from "./presets/python-http.json" with { type: "json" };
import wsgi from "./presets/wsgi.json" with { type: "json" };

/** A part of the description of a server. */
interface Part {
  readonly service?: string;
  readonly command?: readonly string[];
  readonly files?: Readonly<Record<string, string | readonly string[]>>;
}

/** A file of presets. */
interface Group {
  /** The program that has to be installed, if the command does not begin with it. */
  readonly program?: string;
  readonly common?: Part;
  readonly externals: readonly (Part & { readonly name: string; readonly title: string })[];
}

/** A preset. */
export interface Preset {
  readonly title: string;
  /** The program that has to be installed. */
  readonly program: string;
  readonly service: ServiceName;
  /** As in a file of servers. */
  readonly description: unknown;
}

/** Whether the program of a preset is installed. */
export function isInstalled({ program }: Preset): boolean {
  return findProgram(program, { from: ".", folders: programFolders(), isExecutable }) !== undefined;
}

function presetsOf({ program, common, externals }: Group): [string, Preset][] {
  return externals.map((own) => {
    const description = { ...common, ...own, files: { ...common?.files, ...own.files } };
    const { name, title, command, service } = description;
    return [name, {
      title,
      program: program ?? command![0]!,
      service: service as ServiceName,
      description,
    }];
  });
}

const groups: readonly Group[] = [
  nginx,
  apache,
  haproxy,
  wsgi,
  pythonHttp,
  node,
  denoServe,
  inetd,
  { ...book, common: withSource(book.common) },
];

/** The presets by name. */
export const presets: ReadonlyMap<string, Preset> = new Map(groups.flatMap(presetsOf));

function withSource(common: Part): Part {
  return { ...common, files: { ...common.files, "book.c": bookSource, "book.h": bookHeader } };
}
