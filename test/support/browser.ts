import { type Browser, chromium } from 'playwright-core';
import { createProgress } from '../../local/progress.ts';
import { ensureDebianPackages } from '../../local/toolchain/debian.ts';

/** A real browser, installed when it is missing: Debian's Chromium, which asks nobody outside for anything. */
export async function startBrowser(): Promise<Browser> {
  const progress = createProgress();
  await ensureDebianPackages(['chromium', 'fonts-dejavu-core'], { progress });
  progress.stop();
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
