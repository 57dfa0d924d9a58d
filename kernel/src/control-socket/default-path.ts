/** Where the socket is unless told otherwise. */
export const defaultSocketPath = '/run/camflow/control.sock';
