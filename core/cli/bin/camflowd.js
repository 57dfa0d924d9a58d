#!/usr/bin/env node
import '../dist/programs/camflowd.js';
