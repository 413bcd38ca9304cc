import { Size } from 'cdk8s';
import { Cpu, type EnvValue } from 'cdk8s-plus-28';
import type { Images } from './images.ts';
import { type ModelSource, rcloneEnvironment, storePath } from './model-source.ts';
import type { Problem } from './problem.ts';
import type { ModelRuntime } from './runtimes/index.ts';
import type { InitContainer, Resources } from './workload-props.ts';

/** Weights to fetch: a model or an adapter. */
export interface Download {
  readonly name: string;
  readonly source: ModelSource;
}

/** What fetching is done with. */
export interface DownloadContext {
  readonly images: Images;
  readonly runtime: ModelRuntime['kind'];
  readonly resources: Resources;
  /** Reference to the secret values of a download, by its name. */
  readonly secrets: ReadonlyMap<string, DownloadSecrets>;
}

/** Secret values that a download needs. */
export interface DownloadSecrets {
  readonly keys?: { readonly id: EnvValue; readonly secret: EnvValue };
  readonly token?: EnvValue;
}

/** Where the cache is while it is filled. */
const cache = '/cache';

/** What fetching takes: it streams from the network to the disk. */
const modest: Resources = {
  cpu: { request: Cpu.millis(100) },
  memory: { request: Size.mebibytes(256), limit: Size.mebibytes(1024) },
};

/** The container that fetches weights before the server starts; undefined where they are mounted as they are. */
export function downloadContainer(download: Download, context: DownloadContext): InitContainer | undefined {
  const { source } = download;
  const common = { name: containerName(download.name), mounts: { models: cache }, resources: modest };
  switch (source.kind) {
    case 'image':
      // The image's own user may not read the server's volume, and the other way round; a copy by the pod's user may.
      return {
        ...common,
        image: source.image,
        command: ['cp', '-r', '/models/.', `${cache}/`],
        resources: context.resources,
      };
    case 's3':
      return {
        ...common,
        image: context.images.get('rclone'),
        command: ['rclone', 'copy', storePath(source), target(download, context), '--transfers=8', '--retries=5'],
        env: rcloneEnvironment(source, context.secrets.get(download.name)?.keys),
      };
    case 'hub':
      return { ...common, ...fromHub(download.name, source, context) };
    case 'ollama':
      return {
        ...common,
        image: context.images.get('ollama'),
        // The server that pulls is a passing one: the real one is not there yet.
        command: ['sh', '-ec', pullScript, 'pull', source.model],
        env: { OLLAMA_HOST: '127.0.0.1:11434', OLLAMA_MODELS: cache, HOME: '/tmp' },
      };
    case 'claim':
      return undefined;
  }
}

/** The models of Ollama lie in one store, those of the others in a folder each. */
function target({ name }: Download, { runtime }: DownloadContext): string {
  return runtime === 'ollama' ? cache : `${cache}/${name}`;
}

type FromHub = Pick<InitContainer, 'image' | 'command'> & { readonly env: Record<string, string | EnvValue> };

function fromHub(name: string, source: Extract<ModelSource, { kind: 'hub' }>, context: DownloadContext): FromHub {
  const token = context.secrets.get(name)?.token;
  const folder = `${cache}/${name}`;
  if (source.files === undefined) {
    return {
      image: context.images.get('vllm'),
      command: ['hf', 'download', source.repository, `--revision=${source.revision}`, `--local-dir=${folder}`],
      env: { HOME: '/tmp', HF_HOME: '/tmp', HF_HUB_DISABLE_TELEMETRY: '1', ...(token && { HF_TOKEN: token }) },
    };
  }
  return {
    image: context.images.get('curl'),
    command: ['sh', '-ec', hubScript, 'fetch', source.repository, source.revision, folder, ...source.files],
    env: { HOME: '/tmp', ...(token && { HF_TOKEN: token }) },
  };
}

/** Fetches `<repository> <revision> <folder> <files…>`; does nothing when the folder holds that revision already. */
const hubScript = `repository=$1 revision=$2 folder=$3
shift 3
if [ "$(cat "$folder/.revision" 2>/dev/null)" = "$revision" ]; then exit 0; fi
mkdir -p "$folder"
for file in "$@"; do
  if [ -n "$HF_TOKEN" ]; then set -- -H "Authorization: Bearer $HF_TOKEN"; else set --; fi
  curl --fail --silent --show-error --location --retry 5 --create-dirs "$@" \\
    --output "$folder/$file" "https://huggingface.co/$repository/resolve/$revision/$file"
done
echo "$revision" > "$folder/.revision"
`;

const pullScript = `ollama serve &
server=$!
until ollama list >/dev/null 2>&1; do sleep 1; done
ollama pull "$1"
kill "$server"
wait "$server" || true
`;

/** Names of containers have no dots. */
function containerName(name: string): string {
  return `model-${name.toLowerCase().replace(/[^a-z0-9-]+/g, '-')}`.slice(0, 63).replace(/-+$/, '');
}

/** Sources that the runtime can do nothing with. */
export function checkSource(
  { name, source }: Download,
  runtime: ModelRuntime['kind'],
  path: string,
): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (field: string, value: unknown, cure: string) =>
    problems.push({ path: `${path}.source.${field}`, value, cure });
  if ((source.kind === 'ollama') !== (runtime === 'ollama') && (source.kind === 'ollama' || source.kind === 'hub')) {
    const cure =
      source.kind === 'ollama'
        ? `only ollama reads models of its library: use s3, hub or an image for ${runtime}`
        : 'ollama takes models from its own library, a bucket or an image of its store';
    add('kind', source.kind, cure);
  }
  if (source.kind === 'hub') {
    if (!/^[0-9a-f]{40}$/.test(source.revision)) {
      add('revision', source.revision, 'name the commit, all 40 digits of it: what stands behind a branch changes');
    }
    if (!/^[\w.-]+\/[\w.-]+$/.test(source.repository)) {
      add('repository', source.repository, 'write it as <organisation>/<name>');
    }
    if (source.files === undefined && runtime !== 'vllm') {
      add('files', null, `name the files of "${name}" that ${runtime} needs: only vllm brings a tool that finds them`);
    }
    for (const file of source.files ?? []) {
      if (!/^[\w.-]+(\/[\w.-]+)*$/.test(file) || file.split('/').includes('..')) {
        add('files', file, 'use letters, digits, dots, hyphens, underscores, and slashes between folders');
      }
    }
  }
  if (source.kind === 'ollama' && !/^[\w.-]+(\/[\w.-]+)*:[\w.-]+$/.test(source.model)) {
    add('model', source.model, 'name the tag as well, for example "llama3.2:3b"');
  }
  return problems;
}
