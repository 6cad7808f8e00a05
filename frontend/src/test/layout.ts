/** Gives jsdom the few parts of layout that editors and menus ask for; nothing has a size. */
export function stubLayout() {
  Range.prototype.getClientRects = () => {
    const none: DOMRect[] = [];
    return Object.assign(none, { item: () => null });
  };
  Range.prototype.getBoundingClientRect = () => new DOMRect();
  window.matchMedia = (media) =>
    Object.assign(new EventTarget(), {
      matches: false,
      media,
      onchange: null,
      addListener: () => {},
      removeListener: () => {},
    });
  window.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
}
