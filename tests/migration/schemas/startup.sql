-- In the manner of applications made with a well-known Ruby framework: bigint ids, microseconds, polymorphic tables.
CREATE TABLE schema_migrations (version varchar(255) NOT NULL, PRIMARY KEY (version)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE ar_internal_metadata (
  `key` varchar(255) NOT NULL,
  value varchar(255) DEFAULT NULL,
  created_at datetime(6) NOT NULL,
  updated_at datetime(6) NOT NULL,
  PRIMARY KEY (`key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE users (
  id bigint NOT NULL AUTO_INCREMENT,
  email varchar(255) NOT NULL DEFAULT '',
  encrypted_password varchar(255) NOT NULL DEFAULT '',
  sign_in_count int NOT NULL DEFAULT 0,
  current_sign_in_ip varchar(255) DEFAULT NULL,
  admin tinyint(1) DEFAULT 0,
  preferences json DEFAULT NULL,
  balance decimal(16,4) DEFAULT NULL,
  created_at datetime(6) NOT NULL,
  updated_at datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY index_users_on_email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE active_storage_blobs (
  id bigint NOT NULL AUTO_INCREMENT,
  `key` varchar(255) NOT NULL,
  filename varchar(255) NOT NULL,
  metadata text,
  byte_size bigint NOT NULL,
  created_at datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY index_active_storage_blobs_on_key (`key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE active_storage_attachments (
  id bigint NOT NULL AUTO_INCREMENT,
  name varchar(255) NOT NULL,
  record_type varchar(255) NOT NULL,
  record_id bigint NOT NULL,
  blob_id bigint NOT NULL,
  created_at datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY index_active_storage_attachments_uniqueness (record_type(100), record_id, name(100), blob_id),
  KEY index_active_storage_attachments_on_blob_id (blob_id),
  CONSTRAINT fk_rails_c3b3935057 FOREIGN KEY (blob_id) REFERENCES active_storage_blobs (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE projects_users (project_id bigint NOT NULL, user_id bigint NOT NULL, KEY index_pu (project_id, user_id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE `order` (
  id bigint NOT NULL AUTO_INCREMENT,
  user_id bigint NOT NULL,
  `group` varchar(20) DEFAULT NULL,
  total double DEFAULT NULL,
  PRIMARY KEY (id),
  KEY index_order_on_user_id (user_id),
  CONSTRAINT fk_rails_order_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO schema_migrations VALUES ('20240101000000'), ('20240315123456');
INSERT INTO ar_internal_metadata VALUES ('environment', 'production', '2024-01-01 00:00:00.123456', '2024-01-01 00:00:00.123456');
INSERT INTO users (email, preferences, balance, created_at, updated_at) VALUES ('a@example.com', '{"theme": "dark", "n": [1, 2.5, null]}', 10.5, '2024-01-01 00:00:00.000001', '2024-02-29 23:59:59.999999'), ('b@example.com', NULL, -0.0001, '1970-01-01 00:00:00', '9999-12-31 23:59:59.999999');
INSERT INTO active_storage_blobs VALUES (1, 'k1', 'a.png', '{"identified":true}', 4294967296, '2024-01-01');
INSERT INTO active_storage_attachments VALUES (1, 'avatar', 'User', 1, 1, '2024-01-01');
INSERT INTO projects_users VALUES (1, 1), (1, 1), (2, 1);
INSERT INTO `order` VALUES (1, 1, 'x', 0.1), (2, 2, NULL, 1e300);
-- later
INSERT INTO schema_migrations VALUES ('20240601000000');
ALTER TABLE users ADD COLUMN locale varchar(5) NOT NULL DEFAULT 'en', ADD KEY index_users_on_locale (locale);
UPDATE users SET preferences = '{"theme": "light"}', locale = 'fr', updated_at = '2024-06-01 00:00:00.5' WHERE id = 1;
DELETE FROM projects_users LIMIT 1;
CREATE TABLE solid_queue_jobs (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, arguments text, priority int NOT NULL DEFAULT 0) DEFAULT CHARSET=utf8mb4;
INSERT INTO solid_queue_jobs (arguments) VALUES ('{"job_class":"MailJob"}');
