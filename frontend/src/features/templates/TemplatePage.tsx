/** To be written. */
export function TemplatePage() {
  return null;
}
