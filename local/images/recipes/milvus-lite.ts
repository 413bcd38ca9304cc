import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TreeRecipe } from '../recipe.ts';
import { prune, put } from '../tree.ts';

const requirements = join(import.meta.dirname, '../milvus-lite/requirements.txt');
const version = /^milvus-lite==(\S+)/m.exec(readFileSync(requirements, 'utf8'))?.[1] ?? '0';
const site = 'usr/local/lib/python3.11/dist-packages';

/** Milvus Lite: the Milvus project's own server in one process, with the protocol of a Milvus cluster. */
export const milvusLite: TreeRecipe = {
  kind: 'tree',
  name: 'milvus-lite',
  version,
  from: ['base-python'],
  packages: ['libstdc++6'],
  inputs: () => [requirements],
  defaults: {
    command: ['milvus-lite', 'server', '--data-dir', '/data', '--host', '0.0.0.0', '--port', '19530'],
    workingDir: '/data',
  },
  build: async ({ root, python }) => {
    const { install, compile } = await python();
    await install(requirements, join(root, site));
    // What the server never loads: headers, tests, remote file systems and RPC of Arrow, code for other processors' sizes.
    const arrow = [
      'include',
      'src',
      'tests',
      'includes',
      '*.pyx',
      '*.pxi',
      '*.pxd',
      'libarrow_flight*',
      'libarrow_s3*',
      '_flight*',
      '_s3fs*',
    ];
    const twice = [
      'libarrow_python.so',
      'libarrow_python.so.*.*',
      'libarrow_python_flight*',
      'libarrow_python_parquet_encryption.so',
    ];
    await prune(
      root,
      [...arrow, ...twice].map((name) => `${site}/pyarrow/${name}`),
    );
    const numpy = [
      'f2py',
      'distutils',
      'tests',
      ...['_core', 'lib', 'ma', 'polynomial', 'random', 'linalg', 'fft', 'typing'].map((part) => `${part}/tests`),
    ];
    await prune(root, [...numpy.map((name) => `${site}/numpy/${name}`), `${site}/pymilvus/[a-fh-z]*`]);
    // The server speaks with the modules that protoc made, all the rest of the client library (with pandas) stays out.
    await put(root, `${site}/pymilvus/__init__.py`, '# Only grpc_gen, the protocol, is in this image.\n');
    const start = '#!/usr/bin/python3\nimport sys\n\nfrom milvus_lite.cmdline import main\n\nsys.exit(main())\n';
    await put(root, 'usr/local/bin/milvus-lite', start, 0o755);
    await compile(root, site);
  },
};
