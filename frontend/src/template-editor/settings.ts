import { Annotation, Facet } from "@codemirror/state";
import type { TFunction } from "i18next";
import type { Values } from "~/template-language";
import type { ReportedError } from "./problems";

/** A variable as the API lists it. */
export interface TemplateVariable {
  name: string;
  about: string;
}

/** What the extensions of a field need to know. */
export interface Settings {
  t: TFunction<"editor">;
  variables: readonly TemplateVariable[];
  values: Values;
  /** What the server reported, and the source that it reported it of. */
  reported: { errors: readonly ReportedError[]; source: string };
}

/** The settings of a field. */
export const settingsOf = Facet.define<Settings, Settings | undefined>({
  combine: ([settings]) => settings,
});

/** Marks a change that came from outside and is not handed on. */
export const external = Annotation.define<boolean>();
