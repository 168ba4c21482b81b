// The public names of babylon-figment/inspector. It takes the plugin from the page, so that both know the same models.
export { type FigmentPaneOptions, type FigmentPaneService, figmentPane } from './figmentPane.ts';
