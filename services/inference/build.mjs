// Bundles the server into dist/main.js and dist/worker.js, with what only some start in files beside them. Only
// onnxruntime-node stays outside: it brings a native library. The same sources give the same bytes.
import { copyFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
await rm(`${here}/dist`, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: { main: 'src/main.ts', worker: 'src/engine/worker.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  // The map names every source; carrying their text too would triple what the image holds.
  sourcesContent: false,
  external: ['onnxruntime-node'],
  // Dependencies in CommonJS call require() and know their folder; a module has neither.
  banner: {
    js: [
      "import { createRequire as __createRequire } from 'node:module';",
      'const require = __createRequire(import.meta.url);',
      'const __filename = import.meta.filename;',
      'const __dirname = import.meta.dirname;',
    ].join('\n'),
  },
  legalComments: 'none',
  logLevel: 'warning',
});
await copyFile(`${here}/proto/open_inference.proto`, `${here}/dist/open_inference.proto`);
