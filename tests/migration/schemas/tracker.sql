-- In the manner of issue trackers and web frameworks: microseconds, JSON, self references, binary ids.
CREATE TABLE auth_user (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  username varchar(150) NOT NULL UNIQUE,
  last_login datetime(6) NULL,
  is_active tinyint(1) NOT NULL,
  settings json DEFAULT NULL
) DEFAULT CHARSET=utf8mb4;
CREATE TABLE django_content_type (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  app_label varchar(100) NOT NULL,
  model varchar(100) NOT NULL,
  UNIQUE KEY app_label_model (app_label, model)
) DEFAULT CHARSET=utf8mb4;
CREATE TABLE issues (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  token binary(16) NOT NULL,
  parent_id bigint DEFAULT NULL,
  author_id int NOT NULL,
  state enum('open','closed','won''t fix') NOT NULL DEFAULT 'open',
  labels set('bug','feature','a b') NOT NULL DEFAULT '',
  title varchar(255) NOT NULL,
  body mediumtext,
  estimate double DEFAULT NULL,
  closed bit(1) NOT NULL DEFAULT b'0',
  opened_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  title_length int GENERATED ALWAYS AS (char_length(title)) STORED,
  UNIQUE KEY token (token),
  KEY opened (opened_at DESC),
  KEY author_state (author_id, state),
  CONSTRAINT parent FOREIGN KEY (parent_id) REFERENCES issues (id) ON DELETE SET NULL,
  CONSTRAINT author FOREIGN KEY (author_id) REFERENCES auth_user (id)
) DEFAULT CHARSET=utf8mb4;
CREATE TABLE schema_migrations (version varchar(255) NOT NULL PRIMARY KEY) DEFAULT CHARSET=latin1;
CREATE TABLE sessions (session_key varchar(40) NOT NULL, data longblob, KEY session_key (session_key));
CREATE VIEW open_issues AS SELECT i.id, i.title, u.username FROM issues i JOIN auth_user u ON u.id = i.author_id
  WHERE i.state <> 'won''t fix'
