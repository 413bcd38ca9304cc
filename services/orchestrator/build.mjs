// Bundles the service into dist/, which runs with plain `node dist/main.js` and nothing beside it.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const out = resolve(
  here,
  process.argv.find((argument) => argument.startsWith('--out='))?.slice('--out='.length) ?? 'dist',
);

/**
 * Never reached here, and large: the Milvus SDK's bulk writer of Parquet files, node-pg-migrate's compiler for migrations in
 * TypeScript (ours are SQL), pg's native driver.
 */
const unused = {
  name: 'unused',
  setup(builder) {
    const filter = /^(@shanghaikid\/parquetjs|jiti|pg-native)$/;
    builder.onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused' }));
    builder.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({
      contents: 'export const createJiti = () => ({});',
      loader: 'js',
    }));
  },
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: ['src/main.ts', 'src/migrate.ts', 'src/health/thread.ts'],
  outdir: out,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Not minified: logs hold the stack without its message, so its names and lines are all that there is.
  minifySyntax: true,
  legalComments: 'none',
  // CommonJS packages inside an ES module still call these.
  banner: {
    js: [
      "import { createRequire as __createRequire } from 'node:module';",
      "import { dirname as __dirnameOf } from 'node:path';",
      "import { fileURLToPath as __pathOf } from 'node:url';",
      'const require = __createRequire(import.meta.url);',
      'const __filename = __pathOf(import.meta.url);',
      'const __dirname = __dirnameOf(__filename);',
    ].join(''),
  },
  plugins: [unused],
  metafile: true,
  logLevel: 'warning',
});
writeFileSync(join(out, 'package.json'), '{"type":"module"}\n');
cpSync(join(here, 'migrations'), join(out, 'migrations'), { recursive: true });
cpSync(join(here, 'web'), join(out, 'web'), { recursive: true });
const swaggerUi = join(dirname(require.resolve('@fastify/swagger-ui')), 'static');
for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css']) cpSync(join(swaggerUi, file), join(out, 'docs', file));
if (process.argv.includes('--analyze')) {
  const inputs = Object.values(result.metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const sizes = new Map();
  for (const [path, { bytesInOutput }] of inputs) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)(?!.*node_modules)/.exec(path)?.[1] ?? 'src';
    sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
  }
  for (const [name, bytes] of [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 25))
    console.log(String(bytes).padStart(9), name);
}
