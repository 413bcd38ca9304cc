import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TreeRecipe } from '../recipe.ts';
import { prune, put } from '../tree.ts';

const requirements = join(import.meta.dirname, '../mlflow/requirements.txt');
const version = /^mlflow==(\S+)/m.exec(readFileSync(requirements, 'utf8'))?.[1] ?? '0';
const site = 'usr/local/lib/python3.11/dist-packages';

/** The MLflow server: experiments and the registry of models, with PostgreSQL and a volume behind it. */
export const mlflow: TreeRecipe = {
  kind: 'tree',
  name: 'mlflow',
  version,
  from: ['base-python'],
  packages: ['libstdc++6'],
  inputs: () => [requirements],
  defaults: { command: ['mlflow', 'server', '--host', '0.0.0.0', '--port', '5000'] },
  build: async ({ root, python }) => {
    const { install, compile } = await python();
    await install(requirements, join(root, site));
    // Tests, sources of compiled modules, and maps of the compiled user interface.
    const unused = ['pandas/tests', 'numpy/*/tests', 'numpy/f2py', 'mlflow/server/js/build/static/js/*.map'];
    await prune(
      root,
      unused.map((name) => `${site}/${name}`),
    );
    const start = '#!/usr/bin/python3\nimport sys\n\nfrom mlflow.cli import cli\n\nsys.exit(cli())\n';
    await put(root, 'usr/local/bin/mlflow', start, 0o755);
    await compile(root, site);
  },
};
