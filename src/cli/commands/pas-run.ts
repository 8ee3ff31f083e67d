import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../../app/clock.ts';
import { generateFiles } from '../../app/pas/generate-files.ts';
import { type PasRunOutcome, runPas } from '../../app/pas/run.ts';
import { type Mode, STEPS, type Step } from '../../app/pas/run-state.ts';
import { csvFolder, ENCODINGS, type Encoding } from '../../app/pas/source-files.ts';
import { SluiceError } from '../../core/index.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';

interface RunOptions {
  readonly sourceDir?: string;
  readonly db?: string;
  readonly dbSchema: string;
  readonly encoding: Encoding;
  readonly outDir: string;
  readonly keysDir?: string;
  readonly profile: string;
  readonly mode: Mode;
  readonly contract?: string;
  readonly crosswalks?: string;
  readonly testData?: boolean;
  readonly from?: Step;
  readonly resume?: boolean;
  readonly json?: boolean;
}
