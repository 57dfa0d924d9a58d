#!/usr/bin/env node
import '../dist/programs/camflow.js';
