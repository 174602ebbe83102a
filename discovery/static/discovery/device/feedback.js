// Private aggregates (FEEDBACK): two yes-or-no questions a day, each answered by chance before it leaves the device.
