import path from 'node:path';

/** A tool that comes from Go modules alone. */
export interface GoTool {
  /** Version as the program itself tells it. */
  readonly version: string;
  /** Folder below `local/toolchain` whose go.mod and go.sum pin everything. */
  readonly module: string;
  /** Package with the main function. */
  readonly package: string;
  /** Name of the built binary. */
  readonly program: string;
  /** Names that the binary is called by besides its own. @default - none */
  readonly links?: readonly string[];
  /** Variables that the linker sets, by import path. @default - none */
  readonly variables?: Readonly<Record<string, string>>;
  /** Files that the module brings beside the program: copied to it, as executables. @default - none */
  readonly files?: { readonly module: string; readonly paths: readonly string[] };
  /** Seconds that a build takes on two cores when nothing of it is cached; measured 2026-11-21. */
  readonly expectedSeconds: number;
  /** How an installed one is recognised. @default - it is always built */
  readonly installed?: InstalledTool;
}

/** How to tell that a program on PATH does as well as the built one. */
export type InstalledTool =
  | {
      readonly kind: 'version';
      /** Arguments that make the program print its version. */
      readonly args: readonly string[];
      /** Finds the version in what it prints: its first group, without a leading v. */
      readonly pattern: RegExp;
    }
  | {
      /** It belongs to another tool: taken when that one is, and then from its folder, where an installation has both. */
      readonly kind: 'companion';
      readonly of: ToolName;
    };

const kubernetesVersion = 'v1.35.4';
const pulumiVersion = 'v3.190.0';
const languageHostVersion = 'v3.60.0';
/** Version of `@pulumi/kubernetes` in package.json. */
const kubernetesSdkVersion = 'v4.34.2';
const componentVersion = 'k8s.io/component-base/version';
const sdkVersion = 'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version';

/**
 * The pins of the toolchain: what is built, from what. The order is the order of building: what is needed first, and of that the
 * biggest, comes first.
 */
export const catalogue = {
  // Always built: the images of the control plane are made from this very binary, which has to be static.
  kube: {
    version: kubernetesVersion,
    module: 'kube',
    package: '.',
    program: 'keelson-kube',
    links: [
      'coredns',
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-proxy',
      'kube-router',
      'kube-scheduler',
      'kubeadm',
      'kubectl',
      'kubelet',
      'metrics-server',
    ],
    // kubeadm refuses to install another version than its own, and reads its own from here.
    variables: {
      [`${componentVersion}.gitVersion`]: kubernetesVersion,
      [`${componentVersion}.gitMajor`]: '1',
      [`${componentVersion}.gitMinor`]: '35',
    },
    expectedSeconds: 400,
  },
  // Always built: it goes into an image.
  'local-path-provisioner': {
    version: 'v0.0.30',
    module: 'kube',
    package: 'github.com/rancher/local-path-provisioner',
    program: 'local-path-provisioner',
    expectedSeconds: 10,
  },
  pulumi: {
    version: pulumiVersion,
    module: 'pulumi',
    package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
    program: 'pulumi',
    variables: { [sdkVersion]: pulumiVersion },
    expectedSeconds: 110,
    installed: { kind: 'version', args: ['version'], pattern: /^v(\d+\.\d+\.\d+\S*)$/m },
  },
  'pulumi-language-nodejs': {
    version: languageHostVersion,
    module: 'pulumi-language-nodejs',
    package: 'github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs',
    program: 'pulumi-language-nodejs',
    variables: { [sdkVersion]: languageHostVersion },
    files: {
      module: 'github.com/pulumi/pulumi/sdk/v3',
      paths: ['nodejs/dist/pulumi-analyzer-policy', 'nodejs/dist/pulumi-resource-pulumi-nodejs'],
    },
    expectedSeconds: 20,
    installed: { kind: 'companion', of: 'pulumi' },
  },
  // The stand-in for closed networks. A plugin of the vendor in Pulumi's home is preferred, see local/environment.ts.
  'pulumi-resource-kubernetes': {
    version: 'v1.6.0',
    module: 'pulumi-resource-kubernetes',
    package: 'github.com/pulumi/pulumi-kubernetes/cmd/pulumi-resource-kubernetes',
    program: 'pulumi-resource-kubernetes',
    // It tells the version of the npm package that it stands in for: Pulumi warns in each run of a plugin older than that.
    variables: { 'github.com/pulumi/pulumi-kubernetes/pkg/version.Version': kubernetesSdkVersion },
    expectedSeconds: 60,
  },
  kwok: {
    version: 'v0.8.0',
    module: 'kwok',
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    program: 'kwok',
    expectedSeconds: 60,
    installed: { kind: 'version', args: ['--version'], pattern: /\bv?(\d+\.\d+\.\d+\S*)/ },
  },
  // An independent opinion on the rendered manifests, for the tests. Built on demand.
  'kube-score': {
    version: 'v1.20.0',
    module: 'kube-score',
    package: 'github.com/zegl/kube-score/cmd/kube-score',
    program: 'kube-score',
    variables: { 'main.version': '1.20.0' },
    expectedSeconds: 40,
    installed: { kind: 'version', args: ['version'], pattern: /version: v?(\d+\.\d+\.\d+\S*?),/ },
  },
} as const satisfies Record<string, Omit<GoTool, 'installed'> & { installed?: object }>;

export type ToolName = keyof typeof catalogue;

export const toolNames = Object.keys(catalogue) as readonly ToolName[]; // keys of an object written above

export function toolOf(name: ToolName): GoTool {
  // Checked here because InstalledTool names ToolName, and the catalogue's own type would refer to itself.
  const tool: GoTool = catalogue[name];
  return tool;
}

/** Folder with the go.mod that pins the tool. */
export function moduleFolder(module: string): string {
  return path.join(import.meta.dirname, module);
}
