import { X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
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

/**
 * A dialog over the page; mounted is open. Focus goes back to where it was when it closes. It begins at what is marked
 * `data-first`, if anything is.
 */
export function Modal({ title, onClose, children, question = false, wide = false }: Props) {
  const dialog = useFirst();
  return (
    <ModalOverlay
      isOpen
      isDismissable={!question}
      onOpenChange={(open) => !open && onClose()}
      className={css.veil as string}
      data-veil=""
    >
      <AriaModal className={`${css.modal} ${wide ? css.wide : ""}`}>
        <Dialog ref={dialog} className={css.dialog as string} role={question ? "alertdialog" : "dialog"}>
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

// `autoFocus` loses to the dialog's own focus where a link was pressed by keyboard: React Aria takes that for a screen reader's
// doing, and puts both off to the same moment.
function useFirst() {
  const dialog = useRef<HTMLElement>(null);
  useEffect(() => {
    const own = dialog.current;
    const pass = () => {
      if (document.activeElement === own) own?.querySelector<HTMLElement>("[data-first]")?.focus();
    };
    pass();
    own?.addEventListener("focusin", pass);
    return () => own?.removeEventListener("focusin", pass);
  }, []);
  return dialog;
}
