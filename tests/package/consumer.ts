// Turns the packages of this machine into an installation as a user has it: two tarballs, an empty folder, no compiler.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stageMain, stageTarget } from '../../packaging/stage.mjs'

export const TARGET = 'linux-x64-gnu'

/** What a program or npm has done. */
export interface Outcome {
  status: number | null
  output: string
}

/** Where nothing but Node is found: no compiler, no cargo, no make. */
function barePath(folder: string): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  symlinkSync(process.execPath, join(bin, 'node'))
  return bin
}

/** A folder with holdfast installed, and what it takes to run programs in it. */
export class Consumer {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'holdfast-consumer-'))
  readonly tarballs: { main: string; target: string }
  readonly #path: string

  constructor() {
    this.#path = barePath(this.folder)
    const staged = join(this.folder, 'staged')
    this.tarballs = {
      main: this.#pack(stageMain(staged)),
      target: this.#pack(stageTarget(TARGET, { into: staged })),
    }
  }

  #run(program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): Outcome {
    const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 60_000 })
    return { status, output: `${stdout}${stderr}${error?.message ?? ''}` }
  }

  /** Runs npm without a network. */
  npm(args: string[], cwd: string): Outcome {
    return this.#run('npm', [...args, '--offline', '--no-audit', '--no-fund'], cwd, process.env)
  }

  #pack(folder: string): string {
    const { status, output } = this.npm(['pack', '--loglevel=error', '--pack-destination', this.folder], folder)
    const file = readdirSync(this.folder).find((name) => output.includes(name))
    if (status !== 0 || file === undefined) throw new Error(`npm pack failed: ${output}`)
    return join(this.folder, file)
  }

  /** A new folder with these tarballs installed. */
  install(name: string, tarballs: string[]): string {
    const folder = join(this.folder, name)
    mkdirSync(folder)
    writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n')
    const { status, output } = this.npm(['install', '--ignore-scripts', ...tarballs], folder)
    if (status !== 0) throw new Error(`npm install failed: ${output}`)
    return folder
  }

  /** Runs a program of that folder by this version of Node. */
  node(folder: string, args: string[], env: NodeJS.ProcessEnv = {}): Outcome {
    return this.#run(process.execPath, args, folder, { PATH: this.#path, ...env })
  }
}
