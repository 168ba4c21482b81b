/** Style sheets, which the bundler puts beside the script. */
declare module '*.css';

/** Markup, which the bundler puts into the script as text. */
declare module '*.html' {
  const text: string;
  export default text;
}
