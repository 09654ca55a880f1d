# lbtop, the console. It shares no code with the daemon: the stats socket is the border.
