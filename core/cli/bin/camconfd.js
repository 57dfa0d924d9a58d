#!/usr/bin/env node
import '../dist/programs/camconfd.js';
