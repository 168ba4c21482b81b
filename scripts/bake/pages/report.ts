// The report's page: a click on a picture shows its recipe.
export {}; // makes this a module, whose names are its own

const find = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector)!;
const dialog = find<HTMLDialogElement>('dialog');
const message = find('#status');

let recipe = '';

document.querySelector('main')!.addEventListener('click', ({ target }) => {
  const button = (target as Element).closest('button');
  if (!button) return;
  const { path, asset } = button.dataset;
  const image = button.querySelector('img')!;
  recipe = button.dataset.recipe!;
  find('#name').textContent = `${asset}: ${image.alt}`;
  find<HTMLImageElement>('#large').src = image.src;
  find<HTMLImageElement>('#large').alt = image.alt;
  find('#path').textContent = path || 'Not baked: put its seed into the bake file to have it.';
  find('#recipe').textContent = recipe;
  message.textContent = '';
  dialog.showModal();
});

dialog.addEventListener('click', ({ target }) => {
  if (target === dialog) dialog.close(); // beside it, on the backdrop
});
find('#close').addEventListener('click', () => dialog.close());
find('#copy-recipe').addEventListener('click', () => copy(recipe));
find('#copy-seed').addEventListener('click', () => copy(String(JSON.parse(recipe).seed)));

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    message.textContent = 'Copied.';
  } catch {
    getSelection()!.selectAllChildren(find('#recipe'));
    message.textContent = 'The browser did not allow it; the recipe is selected.';
  }
}
