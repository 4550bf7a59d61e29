/**
 * Presets: external servers that many know, as data. Each is a file of `presets/`, in the format of
 * `results/externals.schema.json`.
 *
 * @module
 */
import apachePrefork from "./presets/apache-prefork.json" with { type: "json" };
import gunicornSync from "./presets/gunicorn-sync.json" with { type: "json" };
import nginx from "./presets/nginx.json" with { type: "json" };
import nodeHttp from "./presets/node-http.json" with { type: "json" };
import pythonHttp from "./presets/python-http.json" with { type: "json" };

/** A preset. Its first word is the program that has to be installed. */
export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly command: readonly string[];
}

/** The presets by name. */
export const presets: ReadonlyMap<string, Preset> = new Map(
  [nginx, apachePrefork, gunicornSync, nodeHttp, pythonHttp].map((preset) => [preset.name, preset]),
);
