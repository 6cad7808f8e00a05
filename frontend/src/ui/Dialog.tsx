import { Modal, type ModalProps } from "@mantine/core";
import { useDidUpdate } from "@mantine/hooks";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";

export interface DialogProps extends ModalProps {
  /** Where the focus goes afterwards; by itself back to what it came from, unless that is gone. */
  returnTo?: RefObject<HTMLElement | null>;
}

/** A dialog whose closing button has a name. */
export function Dialog({ returnTo, ...props }: DialogProps) {
  const { t } = useTranslation();
  useDidUpdate(() => {
    if (!props.opened) returnTo?.current?.focus();
  }, [props.opened]);
  return (
    <Modal closeButtonProps={{ "aria-label": t("close") }} returnFocus={!returnTo} {...props} />
  );
}
