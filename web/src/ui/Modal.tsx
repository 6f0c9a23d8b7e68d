import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog, Heading, Modal as AriaModal, ModalOverlay } from "react-aria-components";

import { Button } from "./Button.tsx";
import css from "./Modal.module.css";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** For questions that must be answered: no cross, no closing by a click beside it. */
  question?: boolean;
  wide?: boolean;
}

/** A dialog over the page; mounted is open. Focus goes back to where it was when it closes. */
export function Modal({ title, onClose, children, question = false, wide = false }: Props) {
  return (
    <ModalOverlay
      isOpen
      isDismissable={!question}
      onOpenChange={(open) => !open && onClose()}
      className={css.veil as string}
      data-veil=""
    >
      <AriaModal className={`${css.modal} ${wide ? css.wide : ""}`}>
        <Dialog className={css.dialog as string} role={question ? "alertdialog" : "dialog"}>
          <header className={css.head}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            {!question && (
              <Button look="icon" aria-label="Close" onPress={onClose}>
                <X size={20} aria-hidden="true" />
              </Button>
            )}
          </header>
          {children}
        </Dialog>
      </AriaModal>
    </ModalOverlay>
  );
}

/** The row of buttons at the end of a dialog or form. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className={css.actions}>{children}</div>;
}
