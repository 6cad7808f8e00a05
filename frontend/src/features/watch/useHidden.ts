import { useLocalStorage } from "@mantine/hooks";
import { KINDS, type Kind } from "./feed";

/** Kinds that this browser's person does not want to see; new ones are seen until they say so. */
export function useHidden() {
  const [stored, setStored] = useLocalStorage<unknown>({
    key: "streammaxing-feed-hidden",
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  const hidden = KINDS.filter((kind) => Array.isArray(stored) && stored.includes(kind));
  const chosen = KINDS.filter((kind) => !hidden.includes(kind));
  return {
    hidden,
    /** As the API takes it: undefined all, empty none. */
    kinds: hidden.length === 0 ? undefined : chosen.join(","),
    setHidden: (kinds: Kind[]) => setStored(kinds),
  };
}
