// The page of `figment pick`: a grid of candidates for each label of each asset; the candidates that are pressed are kept.
import type { PickGroup } from '../pick/pickSite.ts';

const MORE = 24;

const main = document.querySelector('main')!;
const save = document.querySelector<HTMLButtonElement>('#save')!;
const message = document.querySelector('#status')!;

interface Choice extends PickGroup {
  kept: Set<number>;
  grid: HTMLElement;
}

const choices: Choice[] = [];

async function show(): Promise<void> {
  const response = await fetch('groups.json');
  if (!response.ok) return showStatus(await response.text());
  const groups: PickGroup[] = await response.json();
  for (const group of groups) {
    const choice = { ...group, kept: new Set(group.seeds), grid: element('div', 'grid') };
    choices.push(choice);
    main.append(section(choice));
  }
  update();
}

function section(choice: Choice): HTMLElement {
  const { asset, label, grid, candidates } = choice;
  const whole = element('section');
  const heading = element('h2', '', asset === label ? asset : `${asset}: ${label}`);
  heading.id = `group-${choice.id}`;
  grid.setAttribute('role', 'group');
  grid.setAttribute('aria-labelledby', heading.id);
  for (const seed of candidates) grid.append(candidate(choice, seed));
  grid.addEventListener('keydown', (event) => moveFocus(event, grid));
  const more = element('button', 'more', 'More');
  more.addEventListener('click', () => addMore(choice));
  whole.append(heading, grid, more);
  return whole;
}

function candidate(choice: Choice, seed: number): HTMLButtonElement {
  const button = element('button', 'candidate');
  button.dataset.seed = String(seed);
  const image = document.createElement('img');
  image.loading = 'lazy';
  image.width = image.height = 96;
  image.alt = `${choice.label}, seed ${seed}`;
  image.src = `candidates/${choice.id}/${seed}.png`;
  button.append(image, String(seed));
  button.setAttribute('aria-pressed', String(choice.kept.has(seed)));
  button.addEventListener('click', () => {
    if (!choice.kept.delete(seed)) choice.kept.add(seed);
    button.setAttribute('aria-pressed', String(choice.kept.has(seed)));
    update();
  });
  return button;
}

function addMore(choice: Choice): void {
  const taken = new Set(choice.candidates);
  const first = choice.grid.children.length;
  let numAdded = 0;
  for (let seed = 0; numAdded < MORE; seed++) {
    if (taken.has(seed)) continue;
    choice.candidates.push(seed);
    choice.grid.append(candidate(choice, seed));
    numAdded++;
  }
  (choice.grid.children[first] as HTMLElement).focus();
}

const STEPS: Record<string, (columns: number) => number> = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (columns) => -columns,
  ArrowDown: (columns) => columns,
};

/** Arrow keys go from picture to picture as they lie on the page. */
function moveFocus(event: KeyboardEvent, grid: HTMLElement): void {
  const step = STEPS[event.key];
  if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
  const buttons = [...grid.children] as HTMLElement[];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  const { offsetTop } = buttons[0]!;
  const columns = buttons.filter((button) => button.offsetTop === offsetTop).length;
  const next = buttons[at + step(columns)];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}

const isChanged = ({ kept, seeds }: Choice) =>
  kept.size !== seeds.length || seeds.some((seed, i) => [...kept][i] !== seed);

function update(): void {
  const empty = choices.find(({ kept }) => kept.size === 0);
  const numChanged = choices.filter(isChanged).length;
  save.disabled = numChanged === 0 || empty !== undefined;
  if (empty) showStatus(`Keep at least one of ${empty.asset}: ${empty.label}.`);
  else showStatus(numChanged === 0 ? 'As in the bake file.' : `${numChanged} of ${choices.length} changed.`);
}

save.addEventListener('click', async () => {
  save.disabled = true;
  const picks = new Map<string, Record<string, number[]>>();
  const changed = choices.filter(isChanged);
  for (const { asset, label, kept } of changed) picks.set(asset, { ...picks.get(asset), [label]: [...kept] });
  try {
    const response = await fetch('picks', { method: 'POST', body: JSON.stringify(Object.fromEntries(picks)) });
    if (!response.ok) throw new Error(await response.text());
    for (const choice of changed) choice.seeds = [...choice.kept];
    update();
    showStatus('Saved into the bake file.');
  } catch (error) {
    update();
    showStatus(error instanceof Error ? error.message : String(error));
  }
});

addEventListener('beforeunload', (event) => {
  if (choices.some(isChanged)) event.preventDefault();
});

function showStatus(text: string): void {
  message.textContent = text;
}

function element<Name extends 'div' | 'section' | 'h2' | 'button'>(
  name: Name,
  className = '',
  text = '',
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  if (made instanceof HTMLButtonElement) made.type = 'button';
  return made;
}

await show();
