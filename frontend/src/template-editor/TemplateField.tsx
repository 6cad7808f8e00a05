import { useDebouncedValue } from "@mantine/hooks";
import type { EditorView } from "@codemirror/view";
import { useId, useMemo, useRef, useState, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import {
  FIELD_RULES,
  measure,
  parseLeniently,
  type FieldKind,
  type Values,
} from "~/template-language";
import { Counter } from "./Counter";
import { applyFix, fixLabel, problemsOf, type Problem, type ReportedError } from "./problems";
import type { Settings, TemplateVariable } from "./settings";
import styles from "./template-editor.module.css";
import { useEditor, type Look } from "./use-editor";

/** What `TemplateField` takes. */
export interface TemplateFieldProps {
  value: string;
  onChange: (value: string) => void;
  /** What the field is called; shown above it. */
  label: string;
  description?: string;
  placeholder?: string;
  multiline?: boolean;
  readOnly?: boolean;
  /** Where the text will stand; that decides its limit. */
  kind: FieldKind;
  variables: readonly TemplateVariable[];
  /** What the variables stand for in the preview. */
  values: Values;
  /** What the server said about this value. */
  errors?: readonly ReportedError[];
  onSave?: () => void;
  onSubmit?: () => void;
}

const NO_ERRORS: readonly ReportedError[] = [];
const PROBLEM_DELAY_MS = 500;

/** A field for the source of a template. */
export function TemplateField(props: TemplateFieldProps) {
  const { value, label, description, kind, variables, values, errors = NO_ERRORS } = props;
  const { placeholder = "", multiline = false, readOnly = false } = props;
  const { t } = useTranslation("editor");
  const reported = useReported(errors, value);
  const problems = useMemo(() => problemsOf(value, reported, t), [value, reported, t]);
  const shown = useSettled(problems);
  const settings = useMemo<Settings>(
    () => ({ t, variables, values, reported }),
    [t, variables, values, reported],
  );
  const id = useId();
  const invalid = shown.length > 0;
  const look = useMemo<Look>(
    () => ({
      placeholder,
      readOnly,
      label: `${id}label`,
      description: `${id}about ${id}count ${id}problems`,
      invalid,
    }),
    [placeholder, readOnly, id, invalid],
  );
  const host = useRef<HTMLDivElement>(null);
  const { onChange, onSave, onSubmit } = props;
  const options = { value, onChange, onSave, onSubmit, kind, multiline, settings, look };
  const view = useEditor(host, options);
  const { context, limit } = FIELD_RULES[kind];
  const used = useMemo(
    () => measure(parseLeniently(value), values, context),
    [value, values, context],
  );
  return (
    <div className={styles.field} data-invalid={invalid || undefined}>
      <div className={styles.head}>
        {/* A label element can only name form controls; the editor is none. */}
        {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions */}
        <span id={`${id}label`} className={styles.label} onClick={() => view.current?.focus()}>
          {label}
        </span>
        <Counter id={`${id}count`} used={used} limit={limit} />
      </div>
      <div ref={host} className={multiline ? styles.tall : styles.low} />
      <div id={`${id}about`} className={styles.about}>
        {description} <span className={styles.hidden}>{t("keys")}</span>
      </div>
      <Problems id={`${id}problems`} problems={shown} view={view} />
    </div>
  );
}

/** The server's errors with the value of which they were reported. */
function useReported(errors: readonly ReportedError[], value: string): Settings["reported"] {
  const [reported, setReported] = useState({ errors, source: value });
  if (reported.errors === errors) return reported;
  const next = { errors, source: value };
  setReported(next);
  return next;
}

/** Problems once they have stood for a moment; while a tag is typed there always is one. */
function useSettled(problems: Problem[]): Problem[] {
  const [settled] = useDebouncedValue(problems, PROBLEM_DELAY_MS);
  return problems.length === 0 ? problems : settled;
}

function Problems({
  id,
  problems,
  view,
}: {
  id: string;
  problems: Problem[];
  view: RefObject<EditorView | null>;
}) {
  const { t } = useTranslation("editor");
  const apply = ({ fix }: Problem) => {
    if (!fix || !view.current) return;
    applyFix(view.current, fix);
    view.current.focus();
  };
  return (
    <div id={id} aria-live="polite">
      {problems.length > 0 && (
        <ul className={styles.problems} aria-label={t("problems.title")}>
          {problems.map((problem) => (
            <li key={`${problem.code}${problem.from}`}>
              {problem.message}
              {problem.fix && (
                <button type="button" className={styles.fix} onClick={() => apply(problem)}>
                  {fixLabel(problem.fix, t)}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
