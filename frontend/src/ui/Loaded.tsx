import type { UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { VisuallyHidden } from "@mantine/core";
import { ProblemCard } from "./ProblemCard";

/** A skeleton that comes sooner would only flicker. */
const PATIENCE_MS = 150;

/** Shows what a query has found; a skeleton until then; what went wrong instead. */
export function Loaded<T>({
  query,
  skeleton,
  children,
}: {
  query: Pick<UseQueryResult<T>, "data" | "error" | "refetch">;
  skeleton: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ProblemCard error={query.error} onRetry={() => void query.refetch()} />;
  return <Waiting>{skeleton}</Waiting>;
}

function Waiting({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div aria-busy="true">
      <VisuallyHidden>{t("loading")}</VisuallyHidden>
      <div style={{ visibility: shown ? "visible" : "hidden" }} aria-hidden>
        {children}
      </div>
    </div>
  );
}
