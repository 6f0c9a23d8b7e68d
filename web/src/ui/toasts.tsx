// Short messages that need no answer, and those that do, at the foot of the page.

import { CircleAlert, CircleCheck, X } from "lucide-react";
import {
  Text,
  UNSTABLE_Toast as Toast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
} from "react-aria-components";

import { Button } from "./Button.tsx";
import css from "./toasts.module.css";

interface Message {
  title: string;
  detail?: string;
  bad?: boolean;
  action?: { label: string; run: () => void };
}

const queue = new ToastQueue<Message>({ maxVisibleToasts: 3 });

let last: string | undefined;

/** What went well goes away by itself, or for the next message; what did not stays until it is closed. */
export function toast(message: Message) {
  if (last !== undefined) queue.close(last);
  const key = queue.add(message, message.bad ? {} : { timeout: 6000 });
  last = message.bad ? undefined : key;
}

export function Toasts() {
  return (
    <ToastRegion queue={queue} className={css.region as string} aria-label="Messages">
      {({ toast: shown }) => (
        <Toast toast={shown} className={css.toast as string} data-bad={shown.content.bad}>
          {shown.content.bad ? <CircleAlert size={18} aria-hidden="true" /> : <CircleCheck size={18} aria-hidden="true" />}
          <ToastContent className={css.words}>
            <Text slot="title">{shown.content.title}</Text>
            {shown.content.detail !== undefined && <Text slot="description">{shown.content.detail}</Text>}
          </ToastContent>
          {shown.content.action && (
            <Button
              look="quiet"
              onPress={() => {
                shown.content.action?.run();
                queue.close(shown.key);
              }}
            >
              {shown.content.action.label}
            </Button>
          )}
          <Button look="icon" slot="close" aria-label="Close message">
            <X size={16} aria-hidden="true" />
          </Button>
        </Toast>
      )}
    </ToastRegion>
  );
}
